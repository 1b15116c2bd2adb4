"""Every Kubernetes Ingress its own load balancer, on premises."""
