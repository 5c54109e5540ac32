"""Kinto: a store of JSON over HTTP, in memory."""

import kinto

settings = {
    "kinto.storage_backend": "kinto.core.storage.memory",
    "kinto.permission_backend": "kinto.core.permission.memory",
    "kinto.bucket_create_principals": "system.Authenticated",
    "multiauth.policies": "basicauth",
    "kinto.userid_hmac_secret": "not secret",
}
app = kinto.main({}, **settings)
