docker run -d --name web --restart always -v "$PWD/html:/srv" -v "$PWD/config:/etc/web:ro" example/web:1.4
