"""Syntaxes turn bytes into trees and back."""
