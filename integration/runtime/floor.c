/* The least that a plugin in nf_tables can cost: enter a network namespace, commit one empty table there. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define NAME "floor"

static char batch[256];
static unsigned length;

static struct nlmsghdr *begin(int type, int flags, int family, int resource)
{
    struct nlmsghdr *header = (void *)(batch + length);
    struct nfgenmsg *body = NLMSG_DATA(header);
    header->nlmsg_len = NLMSG_LENGTH(sizeof *body);
    header->nlmsg_type = type;
    header->nlmsg_flags = NLM_F_REQUEST | flags;
    body->nfgen_family = family;
    body->version = NFNETLINK_V0;
    body->res_id = __builtin_bswap16(resource);
    return header;
}

static void end(struct nlmsghdr *header)
{
    length += NLMSG_ALIGN(header->nlmsg_len);
}

int main(int count, char **words)
{
    struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
    struct nlmsghdr *header;
    struct nlattr *name;
    char answer[4096];
    int socket_, netns;

    if (count != 2 || (netns = open(words[1], O_RDONLY)) < 0 || setns(netns, CLONE_NEWNET))
        return 2;
    socket_ = socket(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER);
    end(begin(NFNL_MSG_BATCH_BEGIN, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES));
    header = begin(NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_ACK, NFPROTO_INET, 0);
    name = (void *)((char *)header + header->nlmsg_len);
    name->nla_type = NFTA_TABLE_NAME;
    name->nla_len = NLA_HDRLEN + sizeof NAME;
    memcpy((char *)name + NLA_HDRLEN, NAME, sizeof NAME);
    header->nlmsg_len += NLA_ALIGN(name->nla_len);
    end(header);
    end(begin(NFNL_MSG_BATCH_END, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES));
    if (sendto(socket_, batch, length, 0, (void *)&kernel, sizeof kernel) < 0)
        return 3;
    if (recv(socket_, answer, sizeof answer, 0) < (ssize_t)sizeof(struct nlmsgerr))
        return 4;
    return ((struct nlmsgerr *)NLMSG_DATA((struct nlmsghdr *)answer))->error != 0;
}
