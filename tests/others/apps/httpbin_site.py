"""httpbin: shows what comes, and answers in each way that there is."""

from httpbin import app

assert app
