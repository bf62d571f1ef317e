module applc.test/observer

go 1.22
