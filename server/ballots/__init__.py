"""Votes: put, cast, counted in halls, closed, published. Of a secret ballot nothing here can say who voted how."""
