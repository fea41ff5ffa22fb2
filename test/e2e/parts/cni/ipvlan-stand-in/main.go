// A stand-in for the CNI plugin "ipvlan" on kernels that have no ipvlan.
//
// What matters to a VPC is the same: the pod's interface has its master's MAC, and its packets
// leave and enter the node by the master. It is made of a veth pair: the node routes the pod's
// addresses to its end, and answers there for every address that it reaches by other interfaces.
// The interface has its master's MTU, and no carrier where the master has none when it is made.
// IPv4 only.
package main

import (
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"

	"github.com/containernetworking/cni/pkg/skel"
	"github.com/containernetworking/cni/pkg/types"
	current "github.com/containernetworking/cni/pkg/types/100"
	"github.com/containernetworking/cni/pkg/version"
	"github.com/containernetworking/plugins/pkg/ipam"
	"github.com/containernetworking/plugins/pkg/ns"
	"github.com/vishvananda/netlink"
)

type config struct {
	types.NetConf
	Master string `json:"master"`
}

func main() {
	skel.PluginMainFuncs(skel.CNIFuncs{Add: add, Del: del, Check: check}, version.All,
		"ipvlan stand-in for kernels without ipvlan")
}

func load(args *skel.CmdArgs) (config, error) {
	var conf config
	if err := json.Unmarshal(args.StdinData, &conf); err != nil {
		return conf, fmt.Errorf("failed to load netconf: %w", err)
	}
	if conf.Master == "" || conf.IPAM.Type == "" {
		return conf, errors.New(`"master" and "ipam.type" are needed`)
	}
	return conf, nil
}

// nodeEnd is the name of the veth's end on the node: 14 characters, as long as names may be.
func nodeEnd(args *skel.CmdArgs) string {
	sum := sha1.Sum([]byte(args.ContainerID + args.IfName))
	return "vei" + hex.EncodeToString(sum[:])[:11]
}

func add(args *skel.CmdArgs) error {
	conf, err := load(args)
	if err != nil {
		return err
	}
	// The words of the real plugin.
	master, err := netlink.LinkByName(conf.Master)
	if err != nil {
		return fmt.Errorf("failed to lookup master %q: %w", conf.Master, err)
	}
	allocated, err := ipam.ExecAdd(conf.IPAM.Type, args.StdinData)
	if err != nil {
		return err
	}
	result, err := attach(args, master, allocated)
	if err != nil {
		_ = removeNodeEnd(args)
		_ = ipam.ExecDel(conf.IPAM.Type, args.StdinData)
		return err
	}
	result.DNS = conf.DNS
	return types.PrintResult(result, conf.CNIVersion)
}

func attach(args *skel.CmdArgs, master netlink.Link, allocated types.Result) (*current.Result, error) {
	result, err := current.NewResultFromResult(allocated)
	if err != nil {
		return nil, err
	}
	if len(result.IPs) == 0 {
		return nil, errors.New("IPAM plugin returned missing IP config")
	}
	pod, err := ns.GetNS(args.Netns)
	if err != nil {
		return nil, err
	}
	defer pod.Close()
	mac := master.Attrs().HardwareAddr
	if err := addPair(args, pod, master.Attrs()); err != nil {
		return nil, err
	}
	result.Interfaces = []*current.Interface{{Name: args.IfName, Mac: mac.String(), Sandbox: args.Netns}}
	for _, ip := range result.IPs {
		ip.Interface = current.Int(0)
	}
	if hasCarrier(master.Attrs()) {
		if err := routeToPod(args, result.IPs, mac); err != nil {
			return nil, err
		}
	}
	return result, pod.Do(func(ns.NetNS) error { return ipam.ConfigureIface(args.IfName, result) })
}

// hasCarrier says what ipvlan passes on to its interfaces (Linux, netif_stacked_transfer_operstate).
func hasCarrier(master *netlink.LinkAttrs) bool {
	return master.OperState == netlink.OperUp || master.OperState == netlink.OperUnknown
}

func addPair(args *skel.CmdArgs, pod ns.NetNS, master *netlink.LinkAttrs) error {
	attributes := netlink.NewLinkAttrs()
	attributes.Name = nodeEnd(args)
	attributes.MTU = master.MTU
	pair := &netlink.Veth{
		LinkAttrs:        attributes,
		PeerName:         args.IfName,
		PeerHardwareAddr: master.HardwareAddr,
		PeerNamespace:    netlink.NsFd(int(pod.Fd())),
	}
	if err := netlink.LinkAdd(pair); err != nil {
		return fmt.Errorf("failed to add the veth pair: %w", err)
	}
	settings := map[string]string{
		filepath.Join("conf", attributes.Name, "proxy_arp"):    "1",
		filepath.Join("neigh", attributes.Name, "proxy_delay"): "0",
	}
	for name, value := range settings {
		file := filepath.Join("/proc/sys/net/ipv4", name)
		if err := os.WriteFile(file, []byte(value), 0o644); err != nil {
			return err
		}
	}
	if !hasCarrier(master) {
		// A veth has no carrier while its other end is down.
		return nil
	}
	return netlink.LinkSetUp(pair)
}

// routeToPod also says the pod's MAC: ipvlan delivers without asking for it, and a pod that filters
// reverse paths strictly answers no such question of somebody whom it reaches elsewhere.
func routeToPod(args *skel.CmdArgs, ips []*current.IPConfig, mac net.HardwareAddr) error {
	link, err := netlink.LinkByName(nodeEnd(args))
	if err != nil {
		return err
	}
	for _, ip := range ips {
		_, bits := ip.Address.Mask.Size()
		route := netlink.Route{
			LinkIndex: link.Attrs().Index,
			Scope:     netlink.SCOPE_LINK,
			Dst:       &net.IPNet{IP: ip.Address.IP, Mask: net.CIDRMask(bits, bits)},
		}
		if err := netlink.RouteReplace(&route); err != nil {
			return fmt.Errorf("failed to route %s: %w", ip.Address.IP, err)
		}
		neighbour := netlink.Neigh{
			LinkIndex:    link.Attrs().Index,
			State:        netlink.NUD_PERMANENT,
			IP:           ip.Address.IP,
			HardwareAddr: mac,
		}
		if err := netlink.NeighSet(&neighbour); err != nil {
			return fmt.Errorf("failed to tell the MAC of %s: %w", ip.Address.IP, err)
		}
	}
	return nil
}

func del(args *skel.CmdArgs) error {
	conf, err := load(args)
	if err != nil {
		return err
	}
	if err := ipam.ExecDel(conf.IPAM.Type, args.StdinData); err != nil {
		return err
	}
	return removeNodeEnd(args)
}

func removeNodeEnd(args *skel.CmdArgs) error {
	link, err := netlink.LinkByName(nodeEnd(args))
	var gone netlink.LinkNotFoundError
	if errors.As(err, &gone) {
		return nil
	}
	if err != nil {
		return err
	}
	return netlink.LinkDel(link)
}

func check(args *skel.CmdArgs) error {
	_, err := netlink.LinkByName(nodeEnd(args))
	return err
}
