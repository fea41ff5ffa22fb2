#!/bin/sh
# Makes two Multus subnets in the VPC of the cluster, and attaches an ENI of each to every worker.
#   multus-enis.sh <cluster>            multus-enis.sh <cluster> --delete
# Needs the AWS CLI, with the Region and credentials of the cluster's account. What is there already is
# left as it is, so that it can be run again.
set -eu

CLUSTER=${1:?usage: multus-enis.sh CLUSTER [--delete]}
ZONE=us-east-1a
CIDRS='172.16.1.0/24 172.16.3.0/24'
# By the first tag the VPC CNI leaves the ENI alone, and the reconciler manages it.
TAGS="{Key=node.k8s.amazonaws.com/no_manage,Value=true},{Key=kubernetes.io/cluster/$CLUSTER,Value=owned},{Key=multus-first-deployment,Value=$CLUSTER}"
MINE="Name=tag:multus-first-deployment,Values=$CLUSTER"

vpc=$(aws eks describe-cluster --name "$CLUSTER" --query cluster.resourcesVpcConfig.vpcId --output text)

subnet_of() {
  aws ec2 describe-subnets --filters "$MINE" "Name=cidr-block,Values=$1" \
    --query 'Subnets[].SubnetId' --output text
}

make() {
  instances=$(aws ec2 describe-instances --query 'Reservations[].Instances[].InstanceId' --output text \
    --filters "Name=tag:eks:cluster-name,Values=$CLUSTER" Name=instance-state-name,Values=running)
  index=0
  for cidr in $CIDRS; do
    index=$((index + 1))
    subnet=$(subnet_of "$cidr")
    if [ -z "$subnet" ]; then
      subnet=$(aws ec2 create-subnet --vpc-id "$vpc" --cidr-block "$cidr" --availability-zone "$ZONE" \
        --tag-specifications "ResourceType=subnet,Tags=[{Key=multus-first-deployment,Value=$CLUSTER}]" \
        --query Subnet.SubnetId --output text)
    fi
    for instance in $instances; do
      attached=$(aws ec2 describe-network-interfaces --filters "Name=subnet-id,Values=$subnet" \
        "Name=attachment.instance-id,Values=$instance" \
        --query 'NetworkInterfaces[].NetworkInterfaceId' --output text)
      if [ -n "$attached" ]; then continue; fi
      eni=$(aws ec2 create-network-interface --subnet-id "$subnet" \
        --tag-specifications "ResourceType=network-interface,Tags=[$TAGS]" \
        --query NetworkInterface.NetworkInterfaceId --output text)
      attachment=$(aws ec2 attach-network-interface --network-interface-id "$eni" \
        --instance-id "$instance" --device-index "$index" --query AttachmentId --output text)
      # It goes with its worker.
      aws ec2 modify-network-interface-attribute --network-interface-id "$eni" \
        --attachment "AttachmentId=$attachment,DeleteOnTermination=true"
      echo "$eni: device index $index of $instance"
    done
  done
}

# After the workers are gone, and before the VPC goes.
delete() {
  enis=$(aws ec2 describe-network-interfaces --filters "$MINE" Name=status,Values=available \
    --query 'NetworkInterfaces[].NetworkInterfaceId' --output text)
  for eni in $enis; do aws ec2 delete-network-interface --network-interface-id "$eni"; done
  for cidr in $CIDRS; do
    subnet=$(subnet_of "$cidr")
    if [ -n "$subnet" ]; then aws ec2 delete-subnet --subnet-id "$subnet"; fi
  done
}

if [ "${2:-}" = --delete ]; then delete; else make; fi
