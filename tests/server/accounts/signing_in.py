"""Signing in by password, with hashes that cost no time."""

import httpx2
from argon2 import PasswordHasher

PASSWORD = "đúng mật khẩu này"
QUICK = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)


async def sign_in(client: httpx2.AsyncClient, login: str = "tochuc", password: str = PASSWORD) -> httpx2.Response:
    return await client.post("/api/session", json={"login": login, "password": password})
