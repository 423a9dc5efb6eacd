# The product as a container image: docker build -t backoffice . (podman does as well). Settings: docs/deployment.md
FROM docker.io/library/python:3.11-slim
ARG UID=10001
ENV FLASK_APP=app PYTHONUNBUFFERED=1

WORKDIR /usr/src/backoffice
COPY requirements.txt ./
RUN pip install --no-cache-dir -r requirements.txt
COPY pyproject.toml README.md LICENSE app.py ./
COPY backoffice ./backoffice
COPY forms ./forms
COPY migrations ./migrations
COPY views ./views
RUN pip install --no-cache-dir --no-deps .

# Data lies where the product is started: SQLite in instance/, files in uploads/.
WORKDIR /data
RUN chown ${UID} .
USER ${UID}
VOLUME /data
EXPOSE 8000
HEALTHCHECK CMD python -c "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/healthz', timeout=2)"
CMD ["flask", "backoffice", "web", "--bind", "0.0.0.0:8000"]
