"""GANs that collapse, and GANs that stay healthy, on purpose and within a minute."""
