def post_worker_init(worker):
    print("one is up")
