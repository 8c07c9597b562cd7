package scenario

var hosterKinds []kind
