"""From template.yaml to a deployed stack.

source          the template as it is written, with its definition files put in
serverless      the AWS::Serverless transform, by AWS's own translator
conditions      the template's conditions, decided for the parameters given
httpapi         an HTTP API's OpenAPI body as routes, integrations and authorizers
adapt           what else MiniStack takes differently or not at all
artifacts       a function's code as a zip file
settings        what MiniStack's CloudFormation loses, set through the services' own API
deploy          all of it, in order
"""
