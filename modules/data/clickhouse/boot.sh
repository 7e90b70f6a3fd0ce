#!/usr/bin/env bash
# Turns a fresh Amazon Linux 2023 into the ClickHouse server of Langfuse. May run any number of times.
#
# modules/data/clickhouse/instance.py puts these variables above it:
#   AWS_REGION           where the secret is
#   VOLUME_ID            the EBS volume that holds the data
#   CLICKHOUSE_VERSION   the line to install, 26.4 say
#   CLICKHOUSE_USER      the user that Langfuse connects as
#   PASSWORD_SECRET_ARN  the secret with that user's password
#   ENVIRONMENT          dev, prod
#   METRIC_NAMESPACE     where the metrics are published
# ROOT is empty, but in tests a folder that stands for the root of the file system.
set -euo pipefail

ROOT="${ROOT:-}"
DATA=/var/lib/clickhouse
CONFIG="$ROOT/etc/clickhouse-server"
DEVICE="$ROOT/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_${VOLUME_ID/-/}"

main() {
  # First, so that without a password nothing else happens.
  password_hash="$(fetch_password_hash)"
  wait_for_volume
  format_if_blank
  mount_volume
  install_packages
  configure_server
  configure_metrics
  configure_own_metrics
  start_server
  say "ClickHouse $CLICKHOUSE_VERSION is running"
}

say() {
  echo "clickhouse-boot: $*" >&2
}

stop() {
  say "STOPPED: $*"
  exit 1
}

# Prints the SHA-256 of the password; the password itself is never written anywhere.
fetch_password_hash() {
  local attempt password
  # A new instance's role takes a few seconds to be known everywhere.
  for attempt in 1 2 3 4 5; do
    if password="$(aws secretsmanager get-secret-value --region "$AWS_REGION" --secret-id "$PASSWORD_SECRET_ARN" \
      --query SecretString --output text)" && [ -n "$password" ]; then
      printf '%s' "$password" | sha256sum | cut -d ' ' -f 1
      return
    fi
    say "no password yet (attempt $attempt of 5)"
    sleep 10
  done
  stop "the password cannot be read from $PASSWORD_SECRET_ARN"
}

# Terraform attaches the volume after the instance has started.
wait_for_volume() {
  local second
  for second in $(seq 1 600); do
    [ -e "$DEVICE" ] && return
    [ $((second % 60)) -eq 0 ] && say "waiting for $VOLUME_ID"
    sleep 1
  done
  stop "$VOLUME_ID was not attached within ten minutes"
}

# Formats the volume only if there is nothing on it: blkid answers 2 for a blank device and 0 for any content.
format_if_blank() {
  local answer=0
  blkid --probe "$DEVICE" > /dev/null || answer=$?
  case $answer in
    0) say "$VOLUME_ID holds a file system: left as it is" ;;
    2) mkfs.xfs -L clickhouse "$DEVICE" ;;
    *) stop "blkid cannot tell what is on $VOLUME_ID (exit code $answer)" ;;
  esac
}

mount_volume() {
  mkdir -p "$ROOT$DATA"
  if ! grep -qs " $DATA " "$ROOT/etc/fstab"; then
    echo "${DEVICE#"$ROOT"} $DATA xfs defaults,noatime,nofail,x-systemd.device-timeout=600 0 2" >> "$ROOT/etc/fstab"
  fi
  mountpoint -q "$ROOT$DATA" || mount "$DEVICE" "$ROOT$DATA"
  # After a snapshot of a smaller volume, or a larger volume_gib.
  xfs_growfs "$ROOT$DATA" > /dev/null
}

install_packages() {
  # https://clickhouse.com/docs/install/redhat
  # includepkgs: so that no later `dnf upgrade` installs another line.
  mkdir -p "$ROOT/etc/yum.repos.d"
  cat > "$ROOT/etc/yum.repos.d/clickhouse.repo" << REPO
[clickhouse-stable]
name=ClickHouse - Stable Repository
baseurl=https://packages.clickhouse.com/rpm/stable/
gpgkey=https://packages.clickhouse.com/rpm/stable/repodata/repomd.xml.key
gpgcheck=0
repo_gpgcheck=1
enabled=1
includepkgs=clickhouse-*-$CLICKHOUSE_VERSION.*
REPO
  dnf install --assumeyes "clickhouse-server-$CLICKHOUSE_VERSION.*" "clickhouse-client-$CLICKHOUSE_VERSION.*" \
    "clickhouse-common-static-$CLICKHOUSE_VERSION.*" amazon-cloudwatch-agent
  # The data may come from an instance where the package's user had another number. The package itself gives it the top
  # folder only.
  local user_id
  user_id="$(id -u clickhouse)"
  if [ -n "$(find "$ROOT$DATA" ! -uid "$user_id" -print -quit)" ]; then
    chown -R clickhouse:clickhouse "$ROOT$DATA"
  fi
}

configure_server() {
  mkdir -p "$CONFIG/config.d" "$CONFIG/users.d" "$ROOT/etc/systemd/system/clickhouse-server.service.d"

  # Only the security group's members reach the two ports.
  cat > "$CONFIG/config.d/langfuse.xml" << XML
<clickhouse>
    <listen_host>0.0.0.0</listen_host>
    <path>$DATA/</path>
    <timezone>UTC</timezone>
    <max_server_memory_usage_to_ram_ratio>0.8</max_server_memory_usage_to_ram_ratio>
    <!-- These logs outgrow the data by far (langfuse/langfuse#13123). -->
    <trace_log remove="1"/>
    <text_log remove="1"/>
    <opentelemetry_span_log remove="1"/>
    <asynchronous_metric_log remove="1"/>
    <metric_log remove="1"/>
    <latency_log remove="1"/>
    <!-- These tell what happened: a week of them is enough. -->
    <query_log><ttl>event_date + INTERVAL 7 DAY DELETE</ttl></query_log>
    <part_log><ttl>event_date + INTERVAL 7 DAY DELETE</ttl></part_log>
    <error_log><ttl>event_date + INTERVAL 7 DAY DELETE</ttl></error_log>
</clickhouse>
XML

  # The default user has no password: from this machine only.
  # compatibility: from 26.8 on, ClickHouse would read the integers that Langfuse sends as times in another unit, and
  # Langfuse would lose every trace (langfuse/langfuse#16858). Older versions ignore it.
  (
    umask 027
    cat > "$CONFIG/users.d/langfuse.xml" << XML
<clickhouse>
    <profiles>
        <$CLICKHOUSE_USER><compatibility>26.7</compatibility></$CLICKHOUSE_USER>
    </profiles>
    <users>
        <default>
            <networks replace="replace"><ip>127.0.0.1</ip><ip>::1</ip></networks>
        </default>
        <$CLICKHOUSE_USER>
            <password_sha256_hex>$password_hash</password_sha256_hex>
            <networks><ip>::/0</ip></networks>
            <profile>$CLICKHOUSE_USER</profile>
            <quota>default</quota>
        </$CLICKHOUSE_USER>
    </users>
</clickhouse>
XML
  )
  chown -R clickhouse:clickhouse "$CONFIG/config.d" "$CONFIG/users.d"

  cat > "$ROOT/etc/systemd/system/clickhouse-server.service.d/langfuse.conf" << UNIT
[Unit]
RequiresMountsFor=$DATA
[Service]
LimitNOFILE=262144
UNIT
}

configure_metrics() {
  local agent="$ROOT/opt/aws/amazon-cloudwatch-agent"
  mkdir -p "$agent/etc"
  cat > "$agent/etc/langfuse.json" << JSON
{
  "agent": { "omit_hostname": true },
  "metrics": {
    "namespace": "$METRIC_NAMESPACE",
    "metrics_collected": {
      "disk": {
        "resources": ["$DATA"],
        "measurement": ["used_percent"],
        "drop_device": true,
        "append_dimensions": { "Environment": "$ENVIRONMENT" }
      },
      "mem": {
        "measurement": ["used_percent"],
        "append_dimensions": { "Environment": "$ENVIRONMENT" }
      }
    }
  }
}
JSON
  "$agent/bin/amazon-cloudwatch-agent-ctl" -a fetch-config -m ec2 -s -c "file:$agent/etc/langfuse.json"
}

# What ClickHouse alone knows: the most active parts of a partition, and the age of its oldest merge or mutation. By a
# timer, since the agent would need rights to a log group for the metrics of ClickHouse's Prometheus endpoint:
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-Agent-PrometheusEC2.html
# If ClickHouse does not answer, nothing is published.
configure_own_metrics() {
  local units="$ROOT/etc/systemd/system"
  mkdir -p "$ROOT/usr/local/bin"
  cat > "$ROOT/usr/local/bin/clickhouse-metrics" << SCRIPT
#!/usr/bin/env bash
set -euo pipefail
values="\$(clickhouse-client --readonly 1 --query "
SELECT
  (SELECT max(parts)
    FROM (SELECT count() AS parts FROM system.parts WHERE active GROUP BY database, table, partition_id)),
  (SELECT max(seconds)
    FROM (SELECT toUInt64(elapsed) AS seconds FROM system.merges
      UNION ALL SELECT toUInt64(dateDiff('second', create_time, now())) FROM system.mutations WHERE NOT is_done))")"
read -r parts seconds <<< "\$values"
dimensions="Dimensions=[{Name=Environment,Value=$ENVIRONMENT}]"
exec aws cloudwatch put-metric-data --region $AWS_REGION --namespace $METRIC_NAMESPACE --metric-data \\
  "MetricName=max_parts_per_partition,Value=\$parts,\$dimensions" \\
  "MetricName=oldest_merge_seconds,Value=\$seconds,\$dimensions"
SCRIPT
  chmod 755 "$ROOT/usr/local/bin/clickhouse-metrics"
  cat > "$units/clickhouse-metrics.service" << UNIT
[Service]
Type=oneshot
User=clickhouse
ExecStart=/usr/local/bin/clickhouse-metrics
TimeoutStartSec=50
UNIT
  cat > "$units/clickhouse-metrics.timer" << UNIT
[Timer]
OnCalendar=minutely
AccuracySec=1s
[Install]
WantedBy=timers.target
UNIT
}

start_server() {
  systemctl daemon-reload
  systemctl enable clickhouse-server
  # Also after a second run, which may have changed the configuration.
  systemctl restart clickhouse-server
  systemctl enable --now clickhouse-metrics.timer
}

main
