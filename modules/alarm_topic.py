"""Where alarms are sent."""

from cdktf_cdktf_provider_aws.sns_topic import SnsTopic
from cdktf_cdktf_provider_aws.sns_topic_subscription import SnsTopicSubscription
from constructs import Construct

from modules.accepted_findings import accept_findings


class AlarmTopic(Construct):
    """An SNS topic for every alarm of the environment.

    With ``email``, AWS asks that address once for its consent and then writes to it. Without, subscribe what you like.
    """

    def __init__(self, scope: Construct, id_: str, *, name: str, email: str | None) -> None:
        super().__init__(scope, id_)
        topic = SnsTopic(self, "topic", name=name)
        # https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html
        accept_findings(topic, {"CKV_AWS_26": "CloudWatch can't publish to a topic that AWS's own key encrypts"})
        self.arn = topic.arn
        if email:
            SnsTopicSubscription(self, "email", topic_arn=topic.arn, protocol="email", endpoint=email)
