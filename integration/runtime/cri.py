"""Calls one method of a container runtime, as a kubelet does: JSON comes in, JSON goes out.

cri.py SOCKET METHOD. The module cri_pb2, which protoc makes of cri.proto, is in PYTHONPATH.
"""

import sys

import cri_pb2
import grpc
from google.protobuf import json_format, message_factory

LIMIT = 30  # seconds


def main(socket, name):
    service = cri_pb2.DESCRIPTOR.services_by_name["RuntimeService"]
    method = service.methods_by_name[name]
    factory = message_factory.MessageFactory()
    asked, answer = (factory.GetPrototype(each) for each in (method.input_type, method.output_type))
    request = json_format.Parse(sys.stdin.read(), asked())
    with grpc.insecure_channel("unix://" + socket) as channel:
        call = channel.unary_unary(
            f"/{service.full_name}/{name}",
            request_serializer=asked.SerializeToString,
            response_deserializer=answer.FromString,
        )
        try:
            response = call(request, timeout=LIMIT, wait_for_ready=True)
        except grpc.RpcError as error:
            sys.exit(f"{error.code().name}: {error.details()}")
    print(json_format.MessageToJson(response))


main(*sys.argv[1:])
