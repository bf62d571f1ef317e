docker run -d --restart always --name web example/web:1.4
