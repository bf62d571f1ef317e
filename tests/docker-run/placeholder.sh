docker run -d --name web --restart always -e 'TOKEN=<your-token>' example/web:1.4
