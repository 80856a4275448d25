"""What a recipe may say, and how one is read. See recipe.py."""
