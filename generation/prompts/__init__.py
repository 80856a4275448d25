"""What language models are asked, one Markdown file a prompt; read by name, and hashed into the provenance."""
