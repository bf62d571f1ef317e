docker run -d --name web --restart always example/web:1.4
docker run -d --name api --restart always example/api:2
