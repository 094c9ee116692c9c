FROM python:3.12-slim
RUN useradd --create-home --uid 10001 enlace && install -d -o enlace /var/lib/enlace
WORKDIR /opt/enlace
COPY pyproject.toml README.md LICENSE ./
COPY graph graph
COPY loaders loaders
COPY linker linker
COPY api api
# The processor build of torch; the default one brings 4 GB of CUDA libraries.
RUN pip install --no-cache-dir --extra-index-url https://download.pytorch.org/whl/cpu .
USER enlace
WORKDIR /home/enlace
ENV ENLACE_HOME=/var/lib/enlace
ENTRYPOINT ["enlace"]
