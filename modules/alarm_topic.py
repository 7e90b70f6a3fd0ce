"""Where alarms are sent."""

from cdktf_cdktf_provider_aws.sns_topic import SnsTopic
from cdktf_cdktf_provider_aws.sns_topic_subscription import SnsTopicSubscription
from constructs import Construct


class AlarmTopic(Construct):
    """An SNS topic for every alarm of the environment.

    With ``email``, AWS asks that address once for its consent and then writes to it. Without, subscribe what you like.
    """

    def __init__(self, scope: Construct, id_: str, *, name: str, email: str | None) -> None:
        super().__init__(scope, id_)
        topic = SnsTopic(self, "topic", name=name)
        self.arn = topic.arn
        if email:
            SnsTopicSubscription(self, "email", topic_arn=topic.arn, protocol="email", endpoint=email)
