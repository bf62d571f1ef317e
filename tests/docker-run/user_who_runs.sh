docker run --rm -u 1000:1000 -v "$PWD":/work example/tool:3 make -j4
