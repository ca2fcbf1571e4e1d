"""Customer segmentation as code: specs in YAML, compiled to SQL."""
