import assert from 'node:assert/strict'
import test from 'node:test'
import { readsOnly, statements } from '../../assets/js/console-statements.js'

test('a semicolon parts statements only where it is one', () => {
  assert.deepEqual(statements('SELECT 1; SELECT 2;'), ['SELECT 1', 'SELECT 2'])
  assert.deepEqual(statements(`SELECT 'a;b''c', "x;""y" -- d;e\n, /* f;g */ 1 - 2 / 3`), [`SELECT 'a;b''c', "x;""y" -- d;e\n, /* f;g */ 1 - 2 / 3`])
  assert.deepEqual(statements('SELECT $$a;b$$, $t$;$$;$t$; SELECT $1'), ['SELECT $$a;b$$, $t$;$$;$t$', 'SELECT $1'])
  assert.deepEqual(statements("SELECT 'never ended; SELECT 2"), ["SELECT 'never ended; SELECT 2"])
})

test('comments alone are no statement', () => {
  assert.deepEqual(statements('-- first\nSELECT 1;\n-- that was all; really\n/* end */'), ['-- first\nSELECT 1'])
  assert.deepEqual(statements('  ;; -- nothing'), [])
})

test('only what reads is run again', () => {
  assert.ok(readsOnly('-- x\n (SELECT 1)') && readsOnly('with a as (select 1) from a') && readsOnly('DESCRIBE samples'))
  assert.ok(!readsOnly('/* select */ DROP VIEW samples') && !readsOnly('INSERT INTO t SELECT 1'))
})
