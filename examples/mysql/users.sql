CREATE DATABASE portledger CHARACTER SET utf8mb4;
CREATE USER portledger_admin@'%' IDENTIFIED BY 'admin-secret';
GRANT ALL PRIVILEGES ON portledger.* TO portledger_admin@'%';
CREATE USER portledger@'%' IDENTIFIED BY 'shipper-secret';
GRANT SELECT, INSERT, UPDATE, DELETE ON portledger.* TO portledger@'%';
