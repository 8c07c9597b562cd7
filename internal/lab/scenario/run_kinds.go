package scenario

var runKinds []kind
