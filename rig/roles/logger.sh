#!/bin/sh
# Role `logger`: MariaDB with the audit trail
set -e
data=/var/lib/mysql
mkdir -p $data /run/mysqld
chown mysql:mysql $data /run/mysqld
[ -e $data/mysql ] || mariadb-install-db --no-defaults --user=mysql --datadir=$data --skip-test-db --skip-name-resolve \
  --auth-root-authentication-method=normal >/dev/null
cat > /tmp/init.sql <<'SQL'
CREATE DATABASE IF NOT EXISTS portledger CHARACTER SET utf8mb4;
CREATE OR REPLACE USER portledger@'%' IDENTIFIED BY 'portledger';
GRANT ALL PRIVILEGES ON portledger.* TO portledger@'%';
SQL
echo 'audit: { url: "mysql://portledger:portledger@127.0.0.1:3306/portledger" }' > /tmp/migrate.yaml
rm -f /run/logger-ready
{
  until mariadb --no-defaults -e 'SELECT 1' >/dev/null 2>&1; do sleep 0.2; done
  node dist/src/apps/cli/main.js migrate -c /tmp/migrate.yaml
  touch /run/logger-ready
  echo 'logger ready'
} &
exec mariadbd --no-defaults --user=mysql --datadir=$data --socket=/run/mysqld/mysqld.sock --pid-file=/run/mysqld/mysqld.pid \
  --bind-address=0.0.0.0 --skip-name-resolve --innodb-log-file-size=16M --innodb-buffer-pool-size=32M --init-file=/tmp/init.sql
