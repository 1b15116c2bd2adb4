//go:build tools

// Package tools keeps the required program in go.mod; it is built by its import path.
package tools

import _ "helm.sh/helm/v4/cmd/helm"
