import socket

listener = socket.create_server(("127.0.0.1", 0))
while True:
    client, _ = listener.accept()
    with client:
        request = client.recv(65536)
        client.sendall(b"HTTP/1.0 200 OK\r\n\r\nHello, World!")
