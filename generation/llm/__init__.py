"""A language model as a service: exchanges that are counted, limited, paid for once and kept. It knows no stories."""
