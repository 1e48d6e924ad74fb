"""The IAM actions that a state machine's role must grant for the calls that its states make."""

from dev.checks.machines import Machine, all_states

# What Step Functions itself calls for a state:
# docs.aws.amazon.com/step-functions/latest/dg/connect-stepfunctions.html and iam-policies-eg-dm.html
FOR_SYNC = {
    "states:DescribeExecution",
    "states:StopExecution",
    "events:PutTargets",
    "events:PutRule",
    "events:DescribeRule",
}
FOR_RESULT_WRITER = {"s3:PutObject", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:AbortMultipartUpload"}
FOR_DISTRIBUTED_MAP = {"states:StartExecution", "states:RedriveExecution"}
NAMED_OTHERWISE = {
    "lambda:Invoke": "lambda:InvokeFunction",
    "s3:ListObjectsV2": "s3:ListBucket",
    "s3:ListObjectVersions": "s3:ListBucketVersions",
}
# docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html
FOR_LOGS = {
    "logs:CreateLogDelivery",
    "logs:GetLogDelivery",
    "logs:UpdateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:DescribeResourcePolicies",
    "logs:DescribeLogGroups",
}

# docs.aws.amazon.com/step-functions/latest/dg/xray-iam.html; a function needs the first two of these.
FOR_TRACES = {
    "xray:PutTraceSegments",
    "xray:PutTelemetryRecords",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
}


def called_by(machine: Machine) -> set[str]:
    """The actions for the states of `machine`, its logs included."""
    needed = set(FOR_LOGS)
    for state in all_states():
        if not state.path.startswith(f"{machine.name} / "):
            continue
        for resource in (state.body.get("Resource"), state.body.get("ItemReader", {}).get("Resource")):
            if resource:
                service, call = (
                    resource.split(":::")[1]
                    .removeprefix("aws-sdk:")
                    .removesuffix(".sync:2")
                    .removesuffix(".waitForTaskToken")
                    .split(":")
                )
                service = {"sfn": "states"}.get(service, service)
                action = f"{service}:{call[0].upper()}{call[1:]}"
                needed.add(NAMED_OTHERWISE.get(action, action))
                needed |= FOR_SYNC if ".sync" in resource else set()
        if state.body.get("ItemProcessor", {}).get("ProcessorConfig", {}).get("Mode") == "DISTRIBUTED":
            needed |= FOR_DISTRIBUTED_MAP
        if "ResultWriter" in state.body:
            needed |= FOR_RESULT_WRITER
    return needed
