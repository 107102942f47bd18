// SPDX-License-Identifier: MIT
// Structures as NAME=VALUE pairs: the emitter (see item_structure.h for what an emitter is) behind --format lines.
//
// Pairs are parted by single spaces, and no value has a space in it: {a=1,b=2} is an object, [1,2] a list,
// 0x1(RDONLY) and 2(DIR) a number with its meaning, - what is not there, (257,INODE_ITEM,0) a key. Words are the
// peer's.
#pragma once

#include "formats/btrfs/inode.h"
#include "libfs/base/names.h"

namespace btrkit {

class LineEmitter {
public:
    explicit LineEmitter(TextBuffer& out) : out_(out) {}

    void begin_object() { open('{'); }
    void begin_object(std::string_view name) {
        put_name(name);
        open('{');
    }
    void end_object() { close('}'); }
    void begin_list() { open('['); }
    void begin_list(std::string_view name) {
        put_name(name);
        open('[');
    }
    void end_list() { close(']'); }
    void end_line() {
        drop_separator();
        out_.put('\n');
    }

    void number(std::string_view name, std::integral auto value) {
        char* const begin = out_.room_for(name.size() + longest_number + punctuation);
        char* const digits = write_name(begin, name);
        commit_value(begin, std::to_chars(digits, digits + longest_number, value).ptr);
    }
    /// With a leading 0, as file modes are written.
    void octal(std::string_view name, u64 value) {
        put_name(name);
        out_.put('0');
        out_.octal(value);
        end_value();
    }
    void null(std::string_view name) {
        put_name(name);
        out_.put('-');
        end_value();
    }
    void boolean(std::string_view name, bool value) {
        put_name(name);
        out_.put(value ? std::string_view("true") : std::string_view("false"));
        end_value();
    }

    /// A number that stands for a word; word is empty where the number has no meaning.
    void choice(std::string_view name, u64 raw, std::string_view word) {
        put_name(name);
        out_.dec(raw);
        if (!word.empty()) {
            out_.put('(');
            out_.put(word);
            out_.put(')');
        }
        end_value();
    }
    void flags(std::string_view name, u64 raw, btrfs::FlagNames names) {
        put_name(name);
        out_.put("0x");
        out_.hex(raw);
        if (raw != 0) {
            out_.put('(');
            put_flags(out_, raw, names);
            out_.put(')');
        }
        end_value();
    }
    /// Bytes that mean text to people, escaped as put_escaped does.
    void text(std::string_view name, std::string_view bytes) {
        put_name(name);
        put_escaped(out_, bytes);
        end_value();
    }
    void hex(std::string_view name, Bytes bytes) {
        put_name(name);
        hex_element(bytes);
    }
    void uuid(std::string_view name, const btrfs::Uuid& uuid) {
        if (uuid.is_null()) {
            null(name);
            return;
        }
        put_name(name);
        put_uuid(out_, uuid);
        end_value();
    }
    /// Seconds, a point, and nanoseconds in at least nine digits.
    void time(std::string_view name, const btrfs::Timespec& time) {
        put_name(name);
        out_.dec(static_cast<std::int64_t>(u64{time.sec}));
        out_.put('.');
        put_nine_digits(time.nsec);
        end_value();
    }
    void key(std::string_view name, const btrfs::Key& key) {
        put_name(name);
        out_.put('(');
        put_objectid(out_, key.objectid, key.type);
        out_.put(',');
        put_item_type(out_, key.objectid, key.type);
        out_.put(',');
        put_key_offset(out_, key);
        out_.put(')');
        end_value();
    }

    void element(std::integral auto value) {
        char* const begin = out_.room_for(longest_number + 1);
        commit_value(begin, std::to_chars(begin, begin + longest_number, value).ptr);
    }
    void hex_element(Bytes bytes) {
        out_.hex_bytes(bytes);
        end_value();
    }

private:
    static constexpr std::size_t longest_number = 20;
    static constexpr std::size_t punctuation = 2; // an equals sign, a separator

    static char* write_name(char* at, std::string_view name) {
        std::memcpy(at, name.data(), name.size());
        at += name.size();
        *at++ = '=';
        return at;
    }
    void put_name(std::string_view name) {
        char* const begin = out_.room_for(name.size() + punctuation);
        out_.commit(static_cast<std::size_t>(write_name(begin, name) - begin));
    }
    /// Ends the value that was written from begin to end with a separator, for which there must be room.
    void commit_value(const char* begin, char* end) {
        *end++ = separator();
        out_.commit(static_cast<std::size_t>(end - begin));
    }
    void put_nine_digits(u32 value) {
        for (u32 limit = 100'000'000; limit > 1 && value < limit; limit /= 10) {
            out_.put('0');
        }
        out_.dec(value);
    }

    char separator() const { return depth_ == 0 ? ' ' : ','; }
    void end_value() { out_.put(separator()); }
    void drop_separator() {
        if (out_.view().back() == separator()) {
            out_.truncate(out_.size() - 1);
        }
    }
    void open(char bracket) {
        ++depth_;
        out_.put(bracket);
    }
    void close(char bracket) {
        drop_separator();
        --depth_;
        out_.put(bracket);
        end_value();
    }

    TextBuffer& out_;
    unsigned depth_ = 0; ///< of objects and lists that are open
};

} // namespace btrkit
