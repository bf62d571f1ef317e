docker run -d --name web --restart always -e 'GREETING=good day' example/web:1.4
