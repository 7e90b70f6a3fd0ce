"""``wraps`` and ``close_gaps`` replace functions of the installed ministack."""

import base64
import json
import re
from types import ModuleType
from typing import TYPE_CHECKING
from urllib.request import urlopen

import pytest
from botocore.exceptions import ClientError
from ministack.services import ec2

from local.embedded_aws import EmbeddedAws
from local.emulator import ministack_gaps
from local.emulator.ministack_gaps import Parameters, close_gaps, wraps

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import TagTypeDef


def test_every_wrapped_name_is_in_ministack() -> None:
    assert ministack_gaps._wrappers
    for dictionary, name, _ in ministack_gaps._wrappers:
        assert callable(dictionary[name]), name


@pytest.mark.parametrize("name", ["CreateFlowLog", "_instance_to_xml"])
def test_a_name_that_ministack_does_not_have_is_an_error(name: str) -> None:
    with pytest.raises(LookupError, match=rf"ministack\.services\.ec2 has .* {name}$"):
        wraps(ec2, "CreateFlowLogs", name)


def test_an_action_and_an_attribute_are_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    service = ModuleType("service")
    monkeypatch.setattr(service, "_ACTION_MAP", {"Create": lambda params: f"created {params['id']}"}, raising=False)
    monkeypatch.setattr(service, "_to_xml", lambda params: f"<id>{params['id']}</id>", raising=False)
    monkeypatch.setattr(ministack_gaps, "_wrappers", [])

    @wraps(service, "Create", "_to_xml")
    def twice(original: ministack_gaps.ToXml, params: Parameters) -> str:
        return original(params) * 2

    close_gaps()
    assert service._ACTION_MAP["Create"]({"id": 1}) == "created 1created 1"
    assert service._to_xml({"id": 1}) == "<id>1</id><id>1</id>"


def test_no_broker_of_iot_listens(aws: EmbeddedAws) -> None:
    """It would listen on every address of the machine, in the first embedded AWS alone: its port is the same in all."""
    with urlopen(f"{aws.url}/_ministack/ready") as answer:  # noqa: S310
        assert json.load(answer)["iot_mtls"] == "disabled"


def test_an_instance_tells_its_user_data(aws: EmbeddedAws) -> None:
    client = aws.session().client("ec2", endpoint_url=aws.url)
    (instance,) = client.run_instances(
        ImageId="ami-0c2023a1b2c3d4e5f", InstanceType="m7g.large", MinCount=1, MaxCount=1, UserData="#!/bin/sh"
    )["Instances"]
    attribute = client.describe_instance_attribute(InstanceId=instance["InstanceId"], Attribute="userData")
    client.terminate_instances(InstanceIds=[instance["InstanceId"]])
    assert base64.b64decode(attribute["UserData"]["Value"]) == b"#!/bin/sh"


def test_a_root_volume_gets_the_tags_of_the_request(aws: EmbeddedAws) -> None:
    client = aws.session().client("ec2", endpoint_url=aws.url)
    name: TagTypeDef = {"Key": "Name", "Value": "any"}
    tag: TagTypeDef = {"Key": "Environment", "Value": "dev"}
    (instance,) = client.run_instances(
        ImageId="ami-0c2023a1b2c3d4e5f",
        InstanceType="m7g.large",
        MinCount=1,
        MaxCount=1,
        TagSpecifications=[
            {"ResourceType": "instance", "Tags": [name]},
            {"ResourceType": "volume", "Tags": [tag]},
        ],
    )["Instances"]
    id_ = instance["InstanceId"]
    (volume,) = client.describe_volumes(Filters=[{"Name": "attachment.instance-id", "Values": [id_]}])["Volumes"]
    client.terminate_instances(InstanceIds=[id_])
    assert volume["Tags"] == [tag]


def test_instances_are_filtered_by_id(aws: EmbeddedAws) -> None:
    client = aws.session().client("ec2", endpoint_url=aws.url)
    started = client.run_instances(
        ImageId="ami-0c2023a1b2c3d4e5f",
        InstanceType="m7g.large",
        MinCount=2,
        MaxCount=2,
        MetadataOptions={"HttpTokens": "required", "HttpEndpoint": "enabled", "HttpPutResponseHopLimit": 1},
    )["Instances"]
    ids = [instance["InstanceId"] for instance in started]
    found = client.describe_instances(Filters=[{"Name": "instance-id", "Values": ids[:1]}])["Reservations"]
    client.terminate_instances(InstanceIds=ids)
    assert [instance["InstanceId"] for reservation in found for instance in reservation["Instances"]] == ids[:1]


def test_the_type_of_an_instance_changes_while_it_is_stopped(aws: EmbeddedAws) -> None:
    client = aws.session().client("ec2", endpoint_url=aws.url)
    (instance,) = client.run_instances(
        ImageId="ami-0c2023a1b2c3d4e5f", InstanceType="m7g.large", MinCount=1, MaxCount=1
    )["Instances"]
    id_ = instance["InstanceId"]
    with pytest.raises(ClientError, match="IncorrectInstanceState"):
        client.modify_instance_attribute(InstanceId=id_, InstanceType={"Value": "m7g.xlarge"})
    client.stop_instances(InstanceIds=[id_])
    client.modify_instance_attribute(InstanceId=id_, InstanceType={"Value": "m7g.xlarge"})
    attribute = client.describe_instance_attribute(InstanceId=id_, Attribute="instanceType")
    client.terminate_instances(InstanceIds=[id_])
    assert attribute["InstanceType"]["Value"] == "m7g.xlarge"


def test_a_secret_without_a_value_has_no_version(aws: EmbeddedAws) -> None:
    client = aws.session().client("secretsmanager", endpoint_url=aws.url)
    client.create_secret(Name="empty")
    with pytest.raises(client.exceptions.ResourceNotFoundException, match="staging label: AWSCURRENT"):
        client.get_secret_value(SecretId="empty")  # pragma: allowlist secret
    client.put_secret_value(SecretId="empty", SecretString="text")  # pragma: allowlist secret
    (version,) = client.list_secret_version_ids(SecretId="empty")["Versions"]
    assert client.get_secret_value(SecretId="empty")["VersionId"] == version["VersionId"]
    client.delete_secret(SecretId="empty", ForceDeleteWithoutRecovery=True)  # pragma: allowlist secret


def test_secret_versions_without_a_label_are_listed_on_request(aws: EmbeddedAws) -> None:
    client = aws.session().client("secretsmanager", endpoint_url=aws.url)
    name = "labels"
    client.create_secret(Name=name, SecretString="text")  # pragma: allowlist secret
    version = client.put_secret_value(SecretId=name, SecretString="text", VersionStages=["one"])["VersionId"]
    assert len(client.list_secret_version_ids(SecretId=name)["Versions"]) == 2
    client.update_secret_version_stage(SecretId=name, VersionStage="one", RemoveFromVersionId=version)
    assert len(client.list_secret_version_ids(SecretId=name)["Versions"]) == 1
    assert len(client.list_secret_version_ids(SecretId=name, IncludeDeprecated=True)["Versions"]) == 2
    client.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)  # pragma: allowlist secret


def test_nat_gateways_have_addresses(aws: EmbeddedAws) -> None:
    client = aws.session().client("ec2", endpoint_url=aws.url)
    vpc = client.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = client.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    allocations = [client.allocate_address()["AllocationId"] for _ in range(2)]
    made = [client.create_nat_gateway(SubnetId=subnet, AllocationId=each)["NatGateway"] for each in allocations]
    described = client.describe_nat_gateways()["NatGateways"]
    for gateway in described:
        client.delete_nat_gateway(NatGatewayId=gateway["NatGatewayId"])
    for allocation in allocations:
        client.release_address(AllocationId=allocation)
    client.delete_subnet(SubnetId=subnet)
    client.delete_vpc(VpcId=vpc)
    for gateways in (made, described):
        addresses = [gateway["NatGatewayAddresses"] for gateway in gateways]
        assert [[address["AllocationId"] for address in own] for own in addresses] == [[each] for each in allocations]
        assert all(address["IsPrimary"] for own in addresses for address in own)


def test_a_response_headers_policy_has_only_what_it_was_given(aws: EmbeddedAws) -> None:
    client = aws.session().client("cloudfront", endpoint_url=aws.url)
    hsts = {"StrictTransportSecurity": {"Override": True, "AccessControlMaxAgeSec": 31536000}}
    made = client.create_response_headers_policy(
        ResponseHeadersPolicyConfig={"Name": "hsts", "Comment": "", "SecurityHeadersConfig": hsts}
    )["ResponseHeadersPolicy"]
    read = client.get_response_headers_policy(Id=made["Id"])["ResponseHeadersPolicy"]["ResponseHeadersPolicyConfig"]
    assert read == {"Name": "hsts", "Comment": "", "SecurityHeadersConfig": hsts}


def test_a_certificate_asks_for_a_record_with_a_hash(aws: EmbeddedAws) -> None:
    """So that whoever may make it can't prove the domain to others, by _acme-challenge."""
    client = aws.session().client("acm", endpoint_url=aws.url)
    arn = client.request_certificate(DomainName="langfuse.example.com", ValidationMethod="DNS")["CertificateArn"]
    (validation,) = client.describe_certificate(CertificateArn=arn)["Certificate"]["DomainValidationOptions"]
    assert re.fullmatch(r"_[0-9a-f]{32}\.langfuse\.example\.com\.", validation["ResourceRecord"]["Name"])


def test_an_identity_provider_gets_and_loses_tags(aws: EmbeddedAws) -> None:
    client = aws.session().client("iam", endpoint_url=aws.url)
    arn = client.create_open_id_connect_provider(
        Url="https://oidc.example.com", Tags=[{"Key": "Team", "Value": "ml"}, {"Key": "Stage", "Value": "test"}]
    )["OpenIDConnectProviderArn"]
    client.tag_open_id_connect_provider(OpenIDConnectProviderArn=arn, Tags=[{"Key": "Team", "Value": "web"}])
    client.untag_open_id_connect_provider(OpenIDConnectProviderArn=arn, TagKeys=["Stage"])
    tags = client.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)["Tags"]
    assert tags == [{"Key": "Team", "Value": "web"}]
