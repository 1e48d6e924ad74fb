"""From template.yaml to a deployed stack.

source          the template as it is written, with its definition files inserted
serverless      the AWS::Serverless transform, by AWS's own translator
conditions      the template's conditions, decided for the parameters given
httpapi         an HTTP API's OpenAPI body as routes, integrations and authorizers
adapt           what else MiniStack expects in another form or does not accept
versions        versions and aliases, left out unless they are asked for
artifacts       a function's code as a zip file
settings        what MiniStack's CloudFormation ignores, set through the services' own APIs
deploy          all of it, in order
"""
