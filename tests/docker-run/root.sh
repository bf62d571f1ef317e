docker run -d --name web --restart always example/web:1.4
