//go:build tools

// Package tools keeps the required program in go.mod; it is built by its import path.
package tools

import _ "sigs.k8s.io/gateway-api/conformance/echo-basic"
