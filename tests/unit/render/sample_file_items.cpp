// SPDX-License-Identifier: MIT
#include "sample_items.h"

namespace btrkit::test {

namespace {

namespace type = btrfs::item_type;

btrfs::InodeItem inode() {
    auto inode = numbered<btrfs::InodeItem>(1);
    inode.mode = 0100644;
    inode.flags = btrfs::inode_nodatasum | btrfs::inode_nodatacow | btrfs::flag_bit(20);
    inode.atime = {static_cast<u64>(-2), 7};
    return inode;
}

btrfs::DirItem entry(u16 data_len, u16 name_len, btrfs::FileType kind) {
    btrfs::DirItem entry{};
    if (kind != btrfs::FileType::xattr) {
        entry.location = {257, type::inode_item, 0};
    }
    entry.transid = 9;
    entry.data_len = data_len;
    entry.name_len = name_len;
    entry.type = static_cast<u8>(kind);
    return entry;
}

btrfs::RootItem root() {
    auto root = numbered<btrfs::RootItem>(1);
    root.flags = btrfs::root_subvol_rdonly;
    root.parent_uuid = {};
    return root;
}

Body legacy_root() {
    const auto whole = root();
    return Body().text(as_text(as_bytes_of(whole).first(btrfs::legacy_root_item_size)));
}

btrfs::FileExtentHead extent_head(btrfs::FileExtentType kind) {
    auto head = numbered<btrfs::FileExtentHead>(1);
    head.compression = static_cast<u8>(btrfs::Compression::zstd);
    head.type = static_cast<u8>(kind);
    return head;
}

void add_inode_items(std::vector<SampleItem>& items) {
    items.push_back(
        {"an inode",
         {257, type::inode_item, 0},
         Body().add(inode()),
         R"({"generation":1,"transid":2,"size":3,"nbytes":4,"block_group":5,"nlink":6,"uid":7,"gid":8,"mode":33188,)"
         R"("rdev":10,"flags":1048579,"flags_names":["nodatasum","nodatacow"],"flags_unknown_bits":[20],"sequence":12,)"
         R"("atime":{"sec":-2,"nsec":7},"ctime":{"sec":15,"nsec":16},"mtime":{"sec":17,"nsec":18},)"
         R"("otime":{"sec":19,"nsec":20}})",
         "generation=1 transid=2 size=3 nbytes=4 block_group=5 nlink=6 uid=7 gid=8 mode=0100644 rdev=10 "
         "flags=0x100003(NODATASUM|NODATACOW|UNKNOWN.0x100000) sequence=12 atime=-2.000000007 ctime=15.000000016 "
         "mtime=17.000000018 otime=19.000000020"});
    items.push_back({"references to two names",
                     {257, type::inode_ref, 256},
                     Body().add(btrfs::InodeRef{2, 3}).text("a b").add(btrfs::InodeRef{5, 1}).text("c"),
                     R"({"refs":[{"index":2,"name_len":3,"name":"a b"},{"index":5,"name_len":1,"name":"c"}]})",
                     R"(refs=[{index=2,name_len=3,name=a\ b},{index=5,name_len=1,name=c}])"});
    items.push_back({"an extended reference",
                     {257, type::inode_extref, 99},
                     Body().add(btrfs::InodeExtref{256, 700, 2}).text("ab"),
                     R"({"refs":[{"parent":256,"index":700,"name_len":2,"name":"ab"}]})",
                     "refs=[{parent=256,index=700,name_len=2,name=ab}]"});
    items.push_back({"an orphan", {btrfs::orphan_objectid, type::orphan_item, 300}, Body(), "{}", ""});
}

void add_directory_items(std::vector<SampleItem>& items) {
    constexpr std::string_view entry_json =
        R"({"entries":[{"location":{"objectid":257,"type":1,"type_name":"inode_item","offset":0},"transid":9,)"
        R"("data_len":0,"name_len":4,"type":2,"type_name":"dir","name":"home"}]})";
    constexpr std::string_view entry_line =
        "entries=[{location=(257,INODE_ITEM,0),transid=9,data_len=0,name_len=4,type=2(DIR),name=home}]";
    const auto body = Body().add(entry(0, 4, btrfs::FileType::directory)).text("home");
    items.push_back({"an entry by hash", {256, type::dir_item, 12345}, body, entry_json, entry_line});
    items.push_back({"an entry by number", {256, type::dir_index, 2}, body, entry_json, entry_line});
    items.push_back(
        {"two xattrs of one hash, one without value",
         {257, type::xattr_item, 777},
         Body()
             .add(entry(3, 6, btrfs::FileType::xattr))
             .text("user.x\n\xff!")
             .add(entry(0, 6, btrfs::FileType::xattr))
             .text("user.y"),
         R"({"entries":[{"location":{"objectid":0,"type":0,"type_name":null,"offset":0},"transid":9,"data_len":3,)"
         R"("name_len":6,"type":8,"type_name":"xattr","name":"user.x","data":null,"data_hex":"0aff21"},)"
         R"({"location":{"objectid":0,"type":0,"type_name":null,"offset":0},"transid":9,"data_len":0,"name_len":6,)"
         R"("type":8,"type_name":"xattr","name":"user.y","data":""}]})",
         R"(entries=[{location=(0,UNKNOWN.0,0),transid=9,data_len=3,name_len=6,type=8(XATTR),name=user.x,)"
         R"(data=\n\377!},{location=(0,UNKNOWN.0,0),transid=9,data_len=0,name_len=6,type=8(XATTR),name=user.y,data=}])"});
    const auto range = Body().add(btrfs::DirLogItem{99});
    items.push_back({"a logged range by hash", {256, type::dir_log_item, 3}, range, R"({"end":99})", "end=99"});
    items.push_back({"a logged range by number", {256, type::dir_log_index, 3}, range, R"({"end":99})", "end=99"});
}

void add_content_items(std::vector<SampleItem>& items) {
    items.push_back({"an inline extent",
                     {257, type::extent_data, 0},
                     Body().add(extent_head(btrfs::FileExtentType::inline_data)).text("hello"),
                     R"({"generation":1,"ram_bytes":2,"compression":3,"compression_name":"zstd","encryption":4,)"
                     R"("other_encoding":5,"type":0,"type_name":"inline","inline_size":5})",
                     "generation=1 ram_bytes=2 compression=3(zstd) encryption=4 other_encoding=5 type=0(inline) "
                     "inline_size=5"});
    items.push_back(
        {"a preallocated extent",
         {257, type::extent_data, 4096},
         Body().add(extent_head(btrfs::FileExtentType::prealloc)).add(numbered<btrfs::FileExtentRange>(11)),
         R"({"generation":1,"ram_bytes":2,"compression":3,"compression_name":"zstd","encryption":4,)"
         R"("other_encoding":5,"type":2,"type_name":"prealloc","disk_bytenr":11,"disk_num_bytes":12,"offset":13,)"
         R"("num_bytes":14})",
         "generation=1 ram_bytes=2 compression=3(zstd) encryption=4 other_encoding=5 type=2(prealloc) "
         "disk_bytenr=11 disk_num_bytes=12 offset=13 num_bytes=14"});
    items.push_back({"two checksums",
                     {btrfs::extent_csum_objectid, type::extent_csum, 13631488},
                     Body().text("\x01\x02\x03\x04\xfc\xfd\xfe\xff"),
                     R"({"start":13631488,"end":13639680,"length":8192,"sums":["01020304","fcfdfeff"]})",
                     "start=13631488 end=13639680 length=8192 sums=[01020304,fcfdfeff]"});
    items.push_back({"an obsolete checksum",
                     {257, type::csum_item, 0},
                     Body().text("\x01\x02"),
                     R"({"size":2,"raw":"0102"})",
                     "size=2 raw=0102"});
    items.push_back({"a verity item",
                     {257, type::verity_desc_item, 0},
                     Body().add(numbered<btrfs::VerityDescriptorItem>(256)),
                     R"({"size":256,"encryption":1})",
                     "size=256 encryption=1"});
    auto descriptor = numbered<btrfs::FsverityDescriptor>(1);
    descriptor.root_hash.fill(0xab);
    static const std::string hash = [] {
        std::string text;
        for (int i = 0; i < 64; ++i) {
            text += "ab";
        }
        return text;
    }();
    static const std::string zeros(64, '0');
    static const std::string json = R"({"version":1,"hash_algorithm":2,"log_blocksize":3,"salt_size":4,"sig_size":5,)"
                                    R"("data_size":6,"root_hash":")" +
                                    hash + R"(","salt":")" + zeros + R"(","signature":"736967"})";
    static const std::string line = "version=1 hash_algorithm=2 log_blocksize=3 salt_size=4 sig_size=5 data_size=6 "
                                    "root_hash=" +
                                    hash + " salt=" + zeros + " signature=736967";
    items.push_back(
        {"a verity descriptor", {257, type::verity_desc_item, 1}, Body().add(descriptor).text("sig"), json, line});
    items.push_back({"more of a verity signature",
                     {257, type::verity_desc_item, 2049},
                     Body().text("sig"),
                     R"({"signature":"736967"})",
                     "signature=736967"});
    items.push_back({"a verity hash tree",
                     {257, type::verity_merkle_item, 2048},
                     Body().text("\xfe\x01"),
                     R"({"position":2048,"size":2,"hashes":"fe01"})",
                     "position=2048 size=2 hashes=fe01"});
}

constexpr std::string_view root_json_front =
    R"({"inode":{"generation":1,"transid":2,"size":3,"nbytes":4,"block_group":5,"nlink":6,"uid":7,"gid":8,"mode":9,)"
    R"("rdev":10,"flags":11,"flags_names":["nodatasum","nodatacow","nocompress"],"sequence":12,)"
    R"("atime":{"sec":13,"nsec":14},"ctime":{"sec":15,"nsec":16},"mtime":{"sec":17,"nsec":18},)"
    R"("otime":{"sec":19,"nsec":20}},"generation":21,"root_dirid":22,"bytenr":23,"byte_limit":24,"bytes_used":25,)"
    R"("last_snapshot":26,"flags":1,"flags_names":["rdonly"],"refs":28,)"
    R"("drop_progress":{"objectid":29,"type":30,"type_name":null,"offset":31},"drop_level":32,"level":33,)";
constexpr std::string_view root_line_front =
    "inode={generation=1,transid=2,size=3,nbytes=4,block_group=5,nlink=6,uid=7,gid=8,mode=011,rdev=10,"
    "flags=0xb(NODATASUM|NODATACOW|NOCOMPRESS),sequence=12,atime=13.000000014,ctime=15.000000016,mtime=17.000000018,"
    "otime=19.000000020} generation=21 root_dirid=22 bytenr=23 byte_limit=24 bytes_used=25 last_snapshot=26 "
    "flags=0x1(RDONLY) refs=28 drop_progress=(29,UNKNOWN.30,31) drop_level=32 level=33 ";

void add_root_items(std::vector<SampleItem>& items) {
    static const std::string json =
        std::string(root_json_front) +
        R"("generation_v2":34,"uuid":"23232323-2323-2323-2323-232323232323","parent_uuid":null,)"
        R"("received_uuid":"25252525-2525-2525-2525-252525252525","ctransid":38,"otransid":39,"stransid":40,)"
        R"("rtransid":41,"ctime":{"sec":42,"nsec":43},"otime":{"sec":44,"nsec":45},"stime":{"sec":46,"nsec":47},)"
        R"("rtime":{"sec":48,"nsec":49}})";
    static const std::string line =
        std::string(root_line_front) +
        "generation_v2=34 uuid=23232323-2323-2323-2323-232323232323 parent_uuid=- "
        "received_uuid=25252525-2525-2525-2525-252525252525 ctransid=38 otransid=39 stransid=40 rtransid=41 "
        "ctime=42.000000043 otime=44.000000045 stime=46.000000047 rtime=48.000000049";
    items.push_back({"a root", {257, type::root_item, 0}, Body().add(root()), json, line});
    static const std::string legacy_json =
        std::string(root_json_front) +
        R"("generation_v2":null,"uuid":null,"parent_uuid":null,"received_uuid":null,"ctransid":null,)"
        R"("otransid":null,"stransid":null,"rtransid":null,"ctime":null,"otime":null,"stime":null,"rtime":null})";
    static const std::string legacy_line = std::string(root_line_front) +
                                           "generation_v2=- uuid=- parent_uuid=- received_uuid=- ctransid=- otransid=- "
                                           "stransid=- rtransid=- ctime=- otime=- stime=- rtime=-";
    items.push_back({"a root of old", {258, type::root_item, 0}, legacy_root(), legacy_json, legacy_line});
    constexpr std::string_view ref_json = R"({"dirid":256,"sequence":3,"name_len":2,"name":"sv"})";
    constexpr std::string_view ref_line = "dirid=256 sequence=3 name_len=2 name=sv";
    const auto ref = Body().add(btrfs::RootRef{256, 3, 2}).text("sv");
    items.push_back({"a subvolume's place", {5, type::root_ref, 257}, ref, ref_json, ref_line});
    items.push_back({"a subvolume's parent", {257, type::root_backref, 5}, ref, ref_json, ref_line});
    items.push_back({"a cache header",
                     {btrfs::free_space_objectid, type::untyped, 30408704},
                     Body().add(numbered<btrfs::FreeSpaceHeader>(256)),
                     R"({"location":{"objectid":256,"type":1,"type_name":"inode_item","offset":258},"generation":259,)"
                     R"("num_entries":260,"num_bitmaps":261})",
                     "location=(256,INODE_ITEM,258) generation=259 num_entries=260 num_bitmaps=261"});
    items.push_back({"a string",
                     {0, type::string_item, 0},
                     Body().text("say \"hi\""),
                     R"({"string":"say \"hi\""})",
                     R"(string=say\ "hi")"});
    const auto ids = Body().add(btrfs::le64(257)).add(btrfs::le64(300));
    constexpr std::string_view ids_json = R"({"uuid":"01000000-0000-0000-ff00-000000000000","subvolumes":[257,300]})";
    constexpr std::string_view ids_line = "uuid=01000000-0000-0000-ff00-000000000000 subvolumes=[257,300]";
    items.push_back({"subvolumes of a uuid", {1, type::uuid_key_subvol, 255}, ids, ids_json, ids_line});
    items.push_back({"received subvolumes", {1, type::uuid_key_received_subvol, 255}, ids, ids_json, ids_line});
}

} // namespace

std::vector<SampleItem> sample_file_items() {
    std::vector<SampleItem> items;
    add_inode_items(items);
    add_directory_items(items);
    add_content_items(items);
    add_root_items(items);
    return items;
}

} // namespace btrkit::test
