# Enlace with its shipped models. Releases live in the volume /var/lib/enlace.
#   docker build -t enlace .
#   docker run --rm -v enlace:/var/lib/enlace enlace demo
#   docker run -p 127.0.0.1:8000:8000 -v enlace:/var/lib/enlace enlace
# The server answers whoever has a token (`docker run … enlace tokens add NAME`), or everybody with --allow-anonymous.
FROM python:3.12-slim AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY graph graph
COPY loaders loaders
COPY linker linker
COPY api api
# The processor build of torch; the default one brings 4 GB of CUDA libraries.
RUN python -m venv /opt/enlace \
    && /opt/enlace/bin/pip install --no-cache-dir --extra-index-url https://download.pytorch.org/whl/cpu . \
    && find /opt/enlace -name __pycache__ -prune -exec rm -r {} +

FROM python:3.12-slim
RUN useradd --create-home --uid 10001 enlace && install -d -o enlace -g enlace /var/lib/enlace
COPY --from=build /opt/enlace /opt/enlace
USER 10001
WORKDIR /home/enlace
ENV PATH=/opt/enlace/bin:$PATH \
    ENLACE_HOME=/var/lib/enlace \
    ENLACE_HOST=0.0.0.0
VOLUME /var/lib/enlace
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/health/live', timeout=4)"]
ENTRYPOINT ["enlace"]
CMD ["serve"]
