"""The SNS topic that every alarm notifies."""

from cdktf_cdktf_provider_aws.sns_topic import SnsTopic
from cdktf_cdktf_provider_aws.sns_topic_subscription import SnsTopicSubscription
from constructs import Construct

from modules.accepted_findings import accept_findings


class AlarmTopic(Construct):
    """An SNS topic for the alarms of the environment.

    Args:
        name: the topic's name.
        email: an address to subscribe; AWS asks it once to confirm. With None, nobody is subscribed.
        kms_key_arn: the KMS key that encrypts the messages, or None for no encryption at rest.
    """

    def __init__(self, scope: Construct, id_: str, *, name: str, email: str | None, kms_key_arn: str | None) -> None:
        super().__init__(scope, id_)
        topic = SnsTopic(self, "topic", name=name, kms_master_key_id=kms_key_arn)
        # https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html
        accept_findings(topic, {"CKV_AWS_26": "CloudWatch can't publish to a topic that AWS's own key encrypts"})
        self.arn = topic.arn
        if email:
            SnsTopicSubscription(self, "email", topic_arn=topic.arn, protocol="email", endpoint=email)
