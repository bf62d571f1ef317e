docker run -d --name web --restart always example/web:1.4 > /dev/null 2>&1
