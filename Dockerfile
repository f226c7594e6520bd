# xacct as a container: the bot and nothing of the sandbox.
FROM python:3.12-slim

WORKDIR /srv/xacct
COPY requirements/run.txt requirements/run.txt
RUN pip install --no-cache-dir --require-hashes -r requirements/run.txt
COPY pyproject.toml README.md LICENSE ./
COPY bot bot
COPY workflows workflows
COPY db db
RUN pip install --no-cache-dir --no-deps . && useradd --system --home-dir /srv/xacct xacct

USER xacct
ENTRYPOINT ["xacct"]
CMD ["run"]
