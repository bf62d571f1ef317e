docker run -d --name web --restart always -v "$PWD/html:/srv" -e TAG= example/web:1.4
