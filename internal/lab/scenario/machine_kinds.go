package scenario

var machineKinds []kind
