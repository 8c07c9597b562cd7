package scenario

var scaleliteKinds []kind
